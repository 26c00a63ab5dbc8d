// What answers at each address (routes.cpp), by the file that it is in. All of them are coroutines
// on the executor's thread and borrow desk and visit, which outlive them.
#pragma once

#include "net/http_server.h"

namespace streaky::web {

struct Desk;
struct Visit;

using Answer = runtime::Task<net::ServerResponse>;

// status.cpp
Answer health(Desk* desk, Visit* visit);
Answer ready(Desk* desk, Visit* visit);
Answer metrics(Desk* desk, Visit* visit);
Answer static_file(Desk* desk, Visit* visit);
Answer robots(Desk* desk, Visit* visit);

// landing.cpp
Answer landing(Desk* desk, Visit* visit);
Answer privacy(Desk* desk, Visit* visit);

// sign_in.cpp
Answer sign_in_page(Desk* desk, Visit* visit);
Answer sign_in_with_github(Desk* desk, Visit* visit);
Answer sign_in_callback(Desk* desk, Visit* visit);
Answer sign_out(Desk* desk, Visit* visit);

// sign_in_link.cpp
Answer sign_in_link_page(Desk* desk, Visit* visit);
Answer use_sign_in_link(Desk* desk, Visit* visit);

// dashboard.cpp
Answer dashboard(Desk* desk, Visit* visit);
Answer check_now(Desk* desk, Visit* visit);
Answer live(Desk* desk, Visit* visit);

// setup.cpp
Answer setup(Desk* desk, Visit* visit);
Answer setup_when(Desk* desk, Visit* visit);
Answer save_setup_when(Desk* desk, Visit* visit);
Answer setup_channels(Desk* desk, Visit* visit);
Answer setup_test(Desk* desk, Visit* visit);

// settings.cpp
Answer settings(Desk* desk, Visit* visit);
Answer save_when(Desk* desk, Visit* visit);
Answer save_rest_days(Desk* desk, Visit* visit);
Answer save_summary(Desk* desk, Visit* visit);
Answer pause(Desk* desk, Visit* visit);
Answer resume(Desk* desk, Visit* visit);

// channels.cpp
Answer save_discord(Desk* desk, Visit* visit);
Answer save_telegram(Desk* desk, Visit* visit);
Answer remove_channel(Desk* desk, Visit* visit);
Answer save_token(Desk* desk, Visit* visit);
Answer send_test(Desk* desk, Visit* visit);

// account_pages.cpp
Answer end_session(Desk* desk, Visit* visit);
Answer end_other_sessions(Desk* desk, Visit* visit);
Answer export_data(Desk* desk, Visit* visit);
Answer delete_page(Desk* desk, Visit* visit);
Answer delete_account(Desk* desk, Visit* visit);

// card.cpp
Answer card(Desk* desk, Visit* visit);
Answer save_card(Desk* desk, Visit* visit);

// operator_rounds.cpp
Answer operator_rounds(Desk* desk, Visit* visit);
Answer operator_live(Desk* desk, Visit* visit);
Answer begin_round(Desk* desk, Visit* visit);
Answer operator_round(Desk* desk, Visit* visit);
Answer retry_round(Desk* desk, Visit* visit);

// operator_users.cpp
Answer operator_users(Desk* desk, Visit* visit);
Answer operator_pause(Desk* desk, Visit* visit);
Answer operator_resume(Desk* desk, Visit* visit);

}  // namespace streaky::web

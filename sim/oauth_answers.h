// The shapes of the sign-in endpoints' answers: forms unless JSON is asked for, redirects, pages.
// docs/remote-apis.md §2. Pure.
#pragma once

#include <string>
#include <string_view>

#include "sim/exchange.h"

namespace streaky::sim {

/// The parameters of a POST: form or JSON.
Form body_form(const Request& request);
/// Form-encoded unless `Accept` asks for JSON; `expires_in` and `interval` are numbers in JSON.
Answer oauth_answer(const Request& request, const Form& fields);
/// Errors come with status 200 too. `interval` is added when above 0.
Answer oauth_error(const Request& request, std::string_view code, std::string_view description,
                   int interval = 0);
Answer redirect(std::string_view uri, const Form& parameters);
Answer redirect_error(std::string_view uri, std::string_view code, std::string_view description,
                      std::string_view state);
/// Asks which simulated user signs in, and whether that user approves.
Answer sign_in_page(const Form& parameters, bool unknown_login);
Answer device_form();

}  // namespace streaky::sim

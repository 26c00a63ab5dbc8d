#include "store/connection.h"

#include "store/postgres_connection.h"
#include "store/postgres_url.h"
#include "store/sqlite_connection.h"

namespace streaky::store {

std::unique_ptr<Connection> open_connection(const Database::Options& options, Opening opening) {
  if (is_postgres_url(options.url)) return std::make_unique<PostgresConnection>(options, opening);
  return std::make_unique<SqliteConnection>(options);
}

}  // namespace streaky::store

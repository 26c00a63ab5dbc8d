// SOCI, in a form that sanitized builds can link. Private to store/.
//
// The library hides the type information of its classes, which UBSan's check of virtual calls needs
// wherever SOCI's inline functions are compiled: that one check is left out of them.
#pragma once

// The standard library comes first: the attribute is for SOCI alone.
#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("vptr"))), apply_to = function)
#endif

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#if defined(__clang__)
#pragma clang attribute pop
#endif

// Facts about this process and its machine.
#pragma once

#include <cstdint>
#include <string>

namespace streaky::runtime {

/// Peak resident memory since start, in bytes (`VmHWM`).
std::int64_t peak_memory_bytes();
/// Seconds of CPU, user and system together.
double cpu_seconds();
/// What the machine calls itself.
std::string host_name();
/// `host:pid:start`, unique among the processes that may share a database: the owner of leases.
std::string process_name();
/// Core dumps off, so that no dump can hold a credential.
void disable_core_dumps();
/// As many open files as the system lets this process have (Debian begins with 1,024, a round wants
/// thousands of connections); gives their number.
std::uint64_t raise_file_limit();
/// Sets memory apart for secrets, locked (where the limits allow it) and left out of dumps. Once,
/// before the first secret and the first thread.
void protect_secrets();

}  // namespace streaky::runtime

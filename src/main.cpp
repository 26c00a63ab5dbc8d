// The program: argv → a command (src/app/cli.cpp).
#include "app/command.h"

// jemalloc reads its settings here, by this name. A round is a burst: what it has used goes back to
// the system within milliseconds, and all threads share one arena, since what one of them takes the
// other frees. NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
extern "C" const char* malloc_conf = "narenas:1,dirty_decay_ms:5,muzzy_decay_ms:0";

int main(int argc, char** argv) { return streaky::app::run(argc, argv); }

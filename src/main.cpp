// The program: argv → a command (src/app/cli.cpp).
#include "app/command.h"

int main(int argc, char** argv) { return streaky::app::run(argc, argv); }

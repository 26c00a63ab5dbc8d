// The workers at work, as a process has heard: what limits are divided among.
#pragma once

namespace streaky::engine {

/// A process that works is one of them.
struct Fleet {
  int workers = 1;
  int workers_on_host = 1;  // behind one address, as a rule
  int visitors = 0;         // with pages, and no workers: they ask GitHub now and then
  bool newcomer = false;    // the others may not have heard of this process yet
};

}  // namespace streaky::engine

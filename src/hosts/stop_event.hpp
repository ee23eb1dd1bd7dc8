#pragma once

#include <stop_token>

#include <sys/eventfd.h>

#include "hosts/file_descriptor.hpp"

namespace autotuner::hosts {

/// Makes a stop request something that poll can wait for: readable from then on.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), notify_(stop, Notify{event_.get()}) {}
  int get() const { return event_.get(); }

 private:
  struct Notify {
    int event;
    void operator()() const { ::eventfd_write(event, 1); }
  };
  FileDescriptor event_;
  std::stop_callback<Notify> notify_;
};

}  // namespace autotuner::hosts

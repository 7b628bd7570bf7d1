#pragma once

namespace videngine {

// While it lives, the calling thread, and threads that it starts, cannot be given a real-time
// priority. SVT-AV1 takes the highest there is for its threads and for the one that opens it
// whenever it runs as root: the rest of the machine then stands still, and every process started
// afterwards inherits it. Belongs to the thread that made it.
class WithoutRealtime {
 public:
  WithoutRealtime();
  WithoutRealtime(const WithoutRealtime&) = delete;
  WithoutRealtime& operator=(const WithoutRealtime&) = delete;
  ~WithoutRealtime();

 private:
  bool had_ = false;
};

}  // namespace videngine

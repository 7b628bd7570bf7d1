#include "encode/without_realtime.h"

#include <array>

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace videngine {
namespace {

constexpr unsigned kWord = CAP_SYS_NICE / 32;
constexpr unsigned kBit = 1U << (CAP_SYS_NICE % 32);

using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

// Sets whether the calling thread may use the right to raise priorities; whether it might before.
// A thread without it stays without.
bool may_raise_priority(bool wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Sets sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return false;
  const bool could = (sets.at(kWord).effective & kBit) != 0;
  if (wanted) {
    sets.at(kWord).effective |= kBit;
  } else {
    sets.at(kWord).effective &= ~kBit;
  }
  return syscall(SYS_capset, &header, sets.data()) == 0 && could;
}

}  // namespace

WithoutRealtime::WithoutRealtime() : had_(may_raise_priority(false)) {}

WithoutRealtime::~WithoutRealtime() {
  if (had_) may_raise_priority(true);
}

}  // namespace videngine

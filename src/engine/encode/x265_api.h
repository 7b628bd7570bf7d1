#pragma once

// libx265's own API: owners for what it allocates, and what differs between the releases that must
// compile (3.5 and 4.1), so that no other file compares version numbers.

#include <cstddef>
#include <cstdio>
#include <memory>

#include <x265.h>

// Releases between them gave pictures out by an array of layers.
static_assert(X265_BUILD < 210 || X265_BUILD >= 213, "libx265 3.5 to 3.6, or 4.1 and newer");

namespace videngine::x265 {

// Each belongs to one bit depth's API.
using Parameters = std::unique_ptr<x265_param, void (*)(x265_param*)>;
using Encoder = std::unique_ptr<x265_encoder, void (*)(x265_encoder*)>;

// Names a parameter that is a text. Until 3.5 it is a pointer, whose text must outlive it, then an
// array.
inline void set_text(const char*& parameter, const char* text) { parameter = text; }
template <std::size_t Size>
void set_text(char (&parameter)[Size], const char* text) {
  std::snprintf(parameter, Size, "%s", text);
}

}  // namespace videngine::x265

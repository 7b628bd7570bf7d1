#pragma once

// What differs between the FFmpeg releases that must compile (5.1, 6.1, 7.1 and newer): one named
// macro each, so that no other file compares version numbers.

extern "C" {
#include <libavcodec/version.h>
#include <libavformat/version.h>
#include <libavutil/version.h>
}

// FFmpeg 6.0 moved the duration of a frame from pkt_duration to duration.
#define VIDENGINE_HAS_FRAME_DURATION (LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100))

// FFmpeg 6.1 moved a stream's side data from AVStream to its codec parameters.
#define VIDENGINE_HAS_CODECPAR_SIDE_DATA (LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102))

// FFmpeg 6.1 moved the mark of a key frame from AVFrame.key_frame to its flags.
#define VIDENGINE_HAS_KEY_FLAG (LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100))

// Distributions with FFmpeg 6.0 and newer have a SVT-AV1 that refuses a largest rate beside a bit
// rate; 1.4, which goes with 5.1, holds it.
#define VIDENGINE_SVT_AV1_HOLDS_PEAKS (LIBAVCODEC_VERSION_MAJOR < 60)

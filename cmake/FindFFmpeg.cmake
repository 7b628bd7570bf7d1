# Finds libavformat, libavcodec, libavfilter, libswscale, libswresample and libavutil by pkg-config as one target: FFmpeg::FFmpeg.
# FFmpeg 5.1 is the oldest release whose API the engine is written against; src/engine/av/compat.h names what differs after it.
find_package(PkgConfig REQUIRED)
pkg_check_modules(
  FFMPEG
  REQUIRED
  IMPORTED_TARGET
  GLOBAL
  libavformat>=59.27
  libavcodec>=59.37
  libavfilter>=8.44
  libswscale>=6.7
  libswresample>=4.7
  libavutil>=57.28)
add_library(FFmpeg::FFmpeg ALIAS PkgConfig::FFMPEG)
set(FFmpeg_FOUND TRUE)

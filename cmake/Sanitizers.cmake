# videngine_sanitize(target): compile and link a target with the sanitizers named in VIDENGINE_SANITIZE.

set(VIDENGINE_SANITIZE "" CACHE STRING
  "Sanitizers for C++ code, separated by commas: address,undefined or thread; empty for none")

function(videngine_sanitize target)
  if(NOT VIDENGINE_SANITIZE)
    return()
  endif()
  target_compile_options(${target} PRIVATE
    -fsanitize=${VIDENGINE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # PUBLIC: whatever links a sanitized library needs the sanitizer's runtime.
  target_link_options(${target} PUBLIC -fsanitize=${VIDENGINE_SANITIZE})
endfunction()

# videngine_warnings(target): the warnings that code of ours compiles with. VIDENGINE_WERROR makes them errors.

option(VIDENGINE_WERROR "Treat warnings as errors" OFF)

function(videngine_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
    -Woverloaded-virtual -Wconversion -Wformat=2 -Wimplicit-fallthrough
    $<$<BOOL:${VIDENGINE_WERROR}>:-Werror>)
endfunction()

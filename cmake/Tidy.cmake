# videngine_tidy(target): check a target's sources with clang-tidy when "tidy" is built, without compiling them. A source is
# checked again when it, any header or the checks have changed.

set(VIDENGINE_CLANG_TIDY clang-tidy CACHE STRING "clang-tidy of the version that pyproject.toml pins")
set(VIDENGINE_CLANG_TIDY_CHECKS "" CACHE STRING "Checks besides those of .clang-tidy")

function(videngine_tidy target)
  get_target_property(sources ${target} SOURCES)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/engine/*.h)
  foreach(source IN LISTS sources)
    set(checked ${PROJECT_BINARY_DIR}/tidy/${source}.checked)
    cmake_path(GET checked PARENT_PATH folder)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(
      OUTPUT ${checked}
      COMMAND ${VIDENGINE_CLANG_TIDY} --quiet --checks=${VIDENGINE_CLANG_TIDY_CHECKS} -p ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/${source}
      COMMAND ${CMAKE_COMMAND} -E touch ${checked}
      DEPENDS ${source} ${headers} ${PROJECT_SOURCE_DIR}/.clang-tidy
      COMMENT "Checking ${source}"
      VERBATIM)
    list(APPEND all ${checked})
  endforeach()
  add_custom_target(tidy DEPENDS ${all})
endfunction()

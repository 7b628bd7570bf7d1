# videngine_tidy(target): check a target's sources with clang-tidy when "tidy" is built, without compiling them. Most of a
# check's time goes into the headers that all sources include, so several are checked as one, as CMAKE_UNITY_BUILD compiles
# them; all of them again when one, any header or the checks have changed.

set(VIDENGINE_CLANG_TIDY clang-tidy CACHE STRING "clang-tidy of the version that pyproject.toml pins")
set(VIDENGINE_CLANG_TIDY_CHECKS "" CACHE STRING "Checks besides those of .clang-tidy")

set(VIDENGINE_TIDY_BATCH 8)

function(videngine_tidy target)
  get_target_property(sources ${target} SOURCES)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/engine/*.h)
  set(batch)
  foreach(source IN LISTS sources)
    get_source_file_property(alone ${source} SKIP_UNITY_BUILD_INCLUSION)
    if(alone)
      videngine_tidy_batch(${source})
    else()
      list(APPEND batch ${source})
      list(LENGTH batch length)
      if(length EQUAL VIDENGINE_TIDY_BATCH)
        videngine_tidy_batch(${batch})
        set(batch)
      endif()
    endif()
  endforeach()
  if(batch)
    videngine_tidy_batch(${batch})
  endif()
  # Never built: clang-tidy reads from its compile commands how the target's own sources are compiled.
  add_library(${target}_tidied OBJECT EXCLUDE_FROM_ALL ${batches})
  foreach(property IN ITEMS INCLUDE_DIRECTORIES COMPILE_DEFINITIONS COMPILE_OPTIONS LINK_LIBRARIES)
    set_property(TARGET ${target}_tidied PROPERTY ${property} $<TARGET_PROPERTY:${target},${property}>)
  endforeach()
  set_property(TARGET ${target}_tidied PROPERTY UNITY_BUILD OFF)
  add_custom_target(tidy DEPENDS ${all})
endfunction()

# One check of all these sources. Adds to the caller's `batches` and `all`, by its `headers`.
macro(videngine_tidy_batch)
  list(LENGTH batches number)
  set(includes ${ARGN})
  list(TRANSFORM includes REPLACE "(.+)" "#include \"${PROJECT_SOURCE_DIR}/\\1\"")
  list(JOIN includes "\n" includes)
  set(file ${PROJECT_BINARY_DIR}/tidy/batch_${number}.cpp)
  set(check bugprone-suspicious-include)
  file(CONFIGURE OUTPUT ${file} CONTENT "// NOLINTBEGIN(${check})\n${includes}\n// NOLINTEND(${check})\n")
  string(REPLACE ";" " " names "${ARGN}")
  add_custom_command(
    OUTPUT ${file}.checked
    COMMAND ${VIDENGINE_CLANG_TIDY} --quiet --checks=${VIDENGINE_CLANG_TIDY_CHECKS} -p ${PROJECT_BINARY_DIR}
            --config-file=${PROJECT_SOURCE_DIR}/.clang-tidy ${file}
    COMMAND ${CMAKE_COMMAND} -E touch ${file}.checked
    DEPENDS ${file} ${ARGN} ${headers} ${PROJECT_SOURCE_DIR}/.clang-tidy
    COMMENT "Checking ${names}"
    VERBATIM)
  list(APPEND batches ${file})
  list(APPEND all ${file}.checked)
endmacro()

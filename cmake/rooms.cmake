# One library per room, its unit tests beside it.
#
#   streaky_room(NAME [DIR folder] [FIXTURE what its tests need] LINK libraries…)
#
# makes `streaky_NAME` from the folder's .cpp files (default src/NAME) and, from its `*_test.cpp`
# files, the program `NAME_test`, every test of which CTest knows. Rooms are linked by their bare
# names.

set(STREAKY_ROOMS streak runtime crypto net store github notify engine proxy account web app sim)

function(streaky_room name)
  cmake_parse_arguments(ROOM "" "DIR;FIXTURE" "LINK" ${ARGN})
  if(NOT ROOM_DIR)
    set(ROOM_DIR src/${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${ROOM_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(libraries streaky_flags)
  foreach(library ${ROOM_LINK})
    if(library IN_LIST STREAKY_ROOMS)
      list(APPEND libraries streaky_${library})
    else()
      list(APPEND libraries ${library})
    endif()
  endforeach()

  if(sources)
    add_library(streaky_${name} STATIC ${sources})
    target_link_libraries(streaky_${name} PUBLIC ${libraries})
  else()
    add_library(streaky_${name} INTERFACE)
    target_link_libraries(streaky_${name} INTERFACE ${libraries})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE streaky_${name} GTest::gmock GTest::gtest_main)
    target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR})
    streaky_discover(${name}_test ${ROOM_FIXTURE})
  endif()
endfunction()

# A test that hangs is a failure after two minutes. Further arguments: fixtures that the tests need.
function(streaky_discover target)
  include(GoogleTest)
  set(fixtures)
  if(ARGN)
    set(fixtures FIXTURES_REQUIRED ${ARGN})
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${target}." DISCOVERY_TIMEOUT 120
    DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120 ${fixtures})
endfunction()

# Every file under a folder of a room becomes a string in the program, found by its path:
# streaky_embed(store sql) takes src/store/sql and defines embedded_sql() of src/store/embedded_sql.h.
function(streaky_embed room name)
  if(NOT TARGET streaky_${room})
    return()
  endif()
  get_target_property(kind streaky_${room} TYPE)
  if(kind STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  set(root ${CMAKE_SOURCE_DIR}/src/${room}/${name})
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${root}/*)
  set(generated ${CMAKE_BINARY_DIR}/generated/embedded_${name}.cpp)
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUT=${generated} -DROOT=${root} -DROOM=${room} -DNAME=${name}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(streaky_${room} PRIVATE ${generated})
endfunction()

# The library for hosts on APR, where APR is installed and is for the same system. Not on Windows yet.

option(TETHER_BUILD_APR "Build the library for hosts on APR, where APR is installed" ON)
set(TETHER_APR_BUILT OFF)
if(NOT TETHER_BUILD_APR OR WIN32 OR (CMAKE_CROSSCOMPILING AND NOT DEFINED ENV{PKG_CONFIG_LIBDIR}))
    return()
endif()
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(TETHER_APR QUIET IMPORTED_TARGET GLOBAL apr-1)
endif()
if(NOT TETHER_APR_FOUND)
    return()
endif()
set(TETHER_APR_BUILT ON)

set(TETHER_APR_SOURCES
    src/apr/fail.c
    src/apr/host.c
    src/apr/note.c
    src/apr/proc.c
    src/apr/procattr.c
    src/apr/status.c
    src/apr/task.c
    src/apr/time.c
    src/posix/apr/process_os.c
    src/posix/apr/pump_os.c
)
set(TETHER_APR_KIND STATIC)
set(TETHER_APR_BASE tether_static)
if(TETHER_BUILD_SHARED)
    set(TETHER_APR_KIND SHARED)
    set(TETHER_APR_BASE tether)
endif()
add_library(tether_apr ${TETHER_APR_KIND} ${TETHER_APR_SOURCES})
add_library(tether::apr ALIAS tether_apr)
target_include_directories(tether_apr PRIVATE src)
set_target_properties(tether_apr PROPERTIES OUTPUT_NAME tether-apr EXPORT_NAME apr C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON
    # Where it finds libtether before it is installed, without the name of the folder: an installed file would keep its length.
    BUILD_RPATH_USE_ORIGIN ON
    VERSION ${PROJECT_VERSION} SOVERSION ${TETHER_SOVERSION})
target_compile_definitions(tether_apr PRIVATE ${TETHER_OS_DEFINITIONS})
target_link_libraries(tether_apr PUBLIC ${TETHER_APR_BASE} PkgConfig::TETHER_APR
    PRIVATE $<BUILD_INTERFACE:tether_flags> Threads::Threads)
if(TETHER_BUILD_SHARED)
    tether_harden(tether_apr)
endif()
install(TARGETS tether_apr EXPORT tetherAprTargets
    LIBRARY COMPONENT apr NAMELINK_COMPONENT apr_development
    ARCHIVE COMPONENT apr_development)

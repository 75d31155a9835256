# Finds the libraries that tether depends on, and defines a target for each, however it was found:
#   tether_uv       libuv
#   tether_jansson  jansson
#   tether_pcre2    PCRE2 for bytes (8-bit)
#   tether_cmocka   CMocka, only if the tests are built
#
# Included by tether's own build, and by the installed package, because its static library needs libuv,
# jansson and PCRE2. TETHER_FIND_MISSING receives the list of what was not found: the build stops with
# it, the package passes it to find_package.

# tether_find_dependency(NAME MODULE <pkg-config module> HEADER <file> PACKAGE <CMake package>
#                        [COMPONENTS <of the package>] TARGETS <its targets, the best first>
#                        LIBRARIES <names for the linker>
#                        DEBIAN|HOMEBREW|VCPKG <package to install>)
function(tether_find_dependency name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODULE;HEADER;PACKAGE;DEBIAN;HOMEBREW;VCPKG"
        "COMPONENTS;TARGETS;LIBRARIES")
    if(TARGET ${name})
        return()
    endif()

    # Global, because a project that includes tether as a subdirectory links it outside this directory;
    # no other case needs that. CMake before 3.24 ignores the variable.
    set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
    find_package(${arg_PACKAGE} CONFIG QUIET COMPONENTS ${arg_COMPONENTS})
    # By default PCRE2's package finds only the shared library. The option is cached, like the result of the
    # search.
    if(NOT ${arg_PACKAGE}_FOUND AND arg_COMPONENTS)
        set(${arg_PACKAGE}_USE_STATIC_LIBS ON CACHE BOOL "Take the static library of ${arg_PACKAGE}")
        find_package(${arg_PACKAGE} CONFIG QUIET COMPONENTS ${arg_COMPONENTS})
        if(NOT ${arg_PACKAGE}_FOUND)
            unset(${arg_PACKAGE}_USE_STATIC_LIBS CACHE)
        endif()
    endif()
    foreach(target IN LISTS arg_TARGETS)
        if(TARGET ${target})
            add_library(${name} INTERFACE IMPORTED GLOBAL)
            set_target_properties(${name} PROPERTIES INTERFACE_LINK_LIBRARIES ${target})
            return()
        endif()
    endforeach()

    # When cross-compiling, pkg-config would find this machine's libraries, unless PKG_CONFIG_LIBDIR names
    # those of the target.
    if(NOT CMAKE_CROSSCOMPILING OR DEFINED ENV{PKG_CONFIG_LIBDIR})
        find_package(PkgConfig QUIET)
        if(PKG_CONFIG_FOUND)
            pkg_check_modules(TETHER_PC_${arg_MODULE} QUIET ${arg_MODULE})
        endif()
    endif()
    if(TETHER_PC_${arg_MODULE}_FOUND)
        set(include_dirs "${TETHER_PC_${arg_MODULE}_INCLUDE_DIRS}")
        set(libraries "${TETHER_PC_${arg_MODULE}_LINK_LIBRARIES}")
    else()
        # Found by neither: a manual installation, or a package with a CMake file that does not work.
        find_path(TETHER_${arg_MODULE}_INCLUDE_DIR NAMES ${arg_HEADER})
        find_library(TETHER_${arg_MODULE}_LIBRARY NAMES ${arg_LIBRARIES})
        mark_as_advanced(TETHER_${arg_MODULE}_INCLUDE_DIR TETHER_${arg_MODULE}_LIBRARY)
        if(NOT TETHER_${arg_MODULE}_INCLUDE_DIR OR NOT TETHER_${arg_MODULE}_LIBRARY)
            set(TETHER_FIND_MISSING
                "${TETHER_FIND_MISSING}\n  ${arg_MODULE} was not found. Install it: Debian and Ubuntu ${arg_DEBIAN}, Homebrew ${arg_HOMEBREW}, vcpkg ${arg_VCPKG}. If it is installed elsewhere, add its prefix to CMAKE_PREFIX_PATH."
                PARENT_SCOPE)
            return()
        endif()
        set(include_dirs "${TETHER_${arg_MODULE}_INCLUDE_DIR}")
        set(libraries "${TETHER_${arg_MODULE}_LIBRARY}")
    endif()
    add_library(${name} INTERFACE IMPORTED GLOBAL)
    set_target_properties(${name} PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${include_dirs}"
        INTERFACE_LINK_LIBRARIES "${libraries}")
endfunction()

set(TETHER_FIND_MISSING "")
if(NOT TETHER_PURE)
    tether_find_dependency(tether_uv
        MODULE libuv HEADER uv.h PACKAGE libuv
        TARGETS libuv::uv libuv::uv_a uv uv_a LIBRARIES uv libuv uv_a
        DEBIAN libuv1-dev HOMEBREW libuv VCPKG libuv)
endif()
tether_find_dependency(tether_jansson
    MODULE jansson HEADER jansson.h PACKAGE jansson
    TARGETS jansson::jansson LIBRARIES jansson
    DEBIAN libjansson-dev HOMEBREW jansson VCPKG jansson)
tether_find_dependency(tether_pcre2
    MODULE libpcre2-8 HEADER pcre2.h PACKAGE PCRE2
    COMPONENTS 8BIT TARGETS PCRE2::8BIT pcre2-8-shared pcre2-8-static LIBRARIES pcre2-8 pcre2-8-static
    DEBIAN libpcre2-dev HOMEBREW pcre2 VCPKG pcre2)
if((TETHER_BUILD_TESTS OR TETHER_PURE) AND NOT TETHER_FIND_FOR_PACKAGE)
    tether_find_dependency(tether_cmocka
        MODULE cmocka HEADER cmocka.h PACKAGE cmocka
        TARGETS cmocka::cmocka LIBRARIES cmocka cmocka-static
        DEBIAN libcmocka-dev HOMEBREW cmocka VCPKG cmocka)
endif()

if(TETHER_FIND_MISSING AND NOT TETHER_FIND_FOR_PACKAGE)
    message(FATAL_ERROR "tether cannot be built here:${TETHER_FIND_MISSING}")
endif()

# The libraries that the command needs, as archives where each has one beside its shared library. A verb that starts a task
# would take a tenth of its time to load them, one of them for nothing but patterns.
# Only with a linker that leaves out the shared libraries then; and not for another system, of which less is known.

# Stores the archive that lies where the library of a dependency was found: another place may have another version.
function(tether_find_archive dependency)
    get_target_property(library ${dependency} INTERFACE_LINK_LIBRARIES)
    list(GET library 0 library)
    if(TARGET ${library})
        get_target_property(library ${library} LOCATION)
    endif()
    get_filename_component(folder "${library}" DIRECTORY)
    find_library(TETHER_ARCHIVE_OF_${dependency} NAMES ${ARGN} PATHS "${folder}" NO_DEFAULT_PATH)
    mark_as_advanced(TETHER_ARCHIVE_OF_${dependency})
endfunction()

if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR CMAKE_CROSSCOMPILING OR TETHER_COMMAND_SHARED OR TETHER_SANITIZE)
    return()
endif()
tether_find_archive(tether_uv libuv_a.a libuv.a)
tether_find_archive(tether_jansson libjansson.a)
tether_find_archive(tether_pcre2 libpcre2-8.a)
set(archives ${TETHER_ARCHIVE_OF_tether_uv} ${TETHER_ARCHIVE_OF_tether_jansson} ${TETHER_ARCHIVE_OF_tether_pcre2})
list(FILTER archives EXCLUDE REGEX "-NOTFOUND$")
list(LENGTH archives count)
if(NOT count EQUAL 3)
    return()
endif()
# They may hold code that goes into no position independent program.
set(CMAKE_REQUIRED_FLAGS -fPIE)
set(CMAKE_REQUIRED_LINK_OPTIONS -pie -Wl,--as-needed)
set(CMAKE_REQUIRED_LIBRARIES ${archives} Threads::Threads ${CMAKE_DL_LIBS} rt)
check_c_source_compiles("
    char uv_version(void), json_object(void), pcre2_compile_8(void);
    int main(void) { return uv_version() + json_object() + pcre2_compile_8(); }" TETHER_HAVE_ARCHIVES)
unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
unset(CMAKE_REQUIRED_LIBRARIES)
if(TETHER_HAVE_ARCHIVES)
    target_link_options(tether_cli PRIVATE -Wl,--as-needed)
    # Behind the library of tether, which needs them, and before what that names itself.
    target_link_libraries(tether_cli PRIVATE tether_static ${archives})
endif()

# What cpack makes of the components: one archive of all (TGZ, ZIP), or one package of each, named as Debian and Fedora would
# (DEB, RPM). docs/install.md says how to call it; ci/package tries the packages.

set(CPACK_PACKAGE_NAME tether)
set(CPACK_PACKAGE_VENDOR "The tether authors")
set(CPACK_PACKAGE_CONTACT "The tether authors <tether@tether.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "commands as tasks that outlive the process which started them")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_RESOURCE_FILE_README ${PROJECT_SOURCE_DIR}/README.md)
string(TOLOWER "tether-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" CPACK_PACKAGE_FILE_NAME)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
if(WIN32)
    set(CPACK_GENERATOR ZIP)
else()
    set(CPACK_GENERATOR TGZ)
endif()

set(CPACK_COMPONENTS_ALL runtime development monitor command doc)
if(TETHER_APR_BUILT)
    list(APPEND CPACK_COMPONENTS_ALL apr apr_development)
endif()
if(NOT TETHER_MONITOR_BUILT)
    list(REMOVE_ITEM CPACK_COMPONENTS_ALL monitor)
endif()
if(NOT TETHER_BUILD_SHARED)
    list(REMOVE_ITEM CPACK_COMPONENTS_ALL runtime)
endif()
if(NOT TETHER_BUILD_CLI)
    list(REMOVE_ITEM CPACK_COMPONENTS_ALL command)
endif()
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/package_config.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/package_trees.cmake)

set(TETHER_ABOUT "Tether starts a command as a task that runs detached, writes its output
to files and outlives the process that started it. Any process finds the
task again later and learns its exact state.")

# tether_package(COMPONENT DEBIAN <name> RPM <name> SECTION <of Debian> SUMMARY <line> TEXT <of Debian>
#                DEPENDS <of Debian> RECOMMENDS <of Debian> REQUIRES <of RPM>)
function(tether_package component)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DEBIAN;RPM;SECTION;SUMMARY;TEXT;DEPENDS;RECOMMENDS;REQUIRES" "")
    string(TOUPPER ${component} name)
    set(values
        DEBIAN_${name}_PACKAGE_NAME "${arg_DEBIAN}"
        DEBIAN_${name}_PACKAGE_SECTION "${arg_SECTION}"
        DEBIAN_${name}_PACKAGE_DEPENDS "${arg_DEPENDS}"
        DEBIAN_${name}_PACKAGE_RECOMMENDS "${arg_RECOMMENDS}"
        DEBIAN_${name}_DESCRIPTION "${arg_SUMMARY}\n${TETHER_ABOUT}\n\n${arg_TEXT}"
        RPM_${name}_PACKAGE_NAME "${arg_RPM}"
        RPM_${name}_PACKAGE_SUMMARY "${arg_SUMMARY}"
        RPM_${name}_PACKAGE_DESCRIPTION "${TETHER_ABOUT}\n\n${arg_TEXT}"
        RPM_${name}_PACKAGE_REQUIRES "${arg_REQUIRES}")
    while(values)
        list(POP_FRONT values variable value)
        set(CPACK_${variable} "${value}" PARENT_SCOPE)
    endwhile()
endfunction()

set(debian "${PROJECT_VERSION}-1")
set(same "(= ${debian})")
tether_package(runtime DEBIAN libtether${TETHER_SOVERSION} RPM tether-libs SECTION libs
    SUMMARY "commands as tasks that outlive their host - library"
    TEXT "This package has the shared library."
    RECOMMENDS "tether-monitor (>= ${PROJECT_VERSION})")
tether_package(development DEBIAN libtether-dev RPM tether-devel SECTION libdevel
    SUMMARY "commands as tasks that outlive their host - development files"
    TEXT "This package has the headers, the static library, and files for CMake and\npkg-config."
    DEPENDS "libtether${TETHER_SOVERSION} ${same}, libuv1-dev, libjansson-dev, libpcre2-dev"
    REQUIRES "tether-libs = ${PROJECT_VERSION}, libuv-devel, jansson-devel, pcre2-devel")
tether_package(monitor DEBIAN tether-monitor RPM tether-monitor SECTION utils
    SUMMARY "commands as tasks that outlive their host - supervisor"
    TEXT "This package has the program that supervises one task. The command and the\nlibrary start it.")
tether_package(command DEBIAN tether RPM tether SECTION utils
    SUMMARY "commands as tasks that outlive their host - command"
    TEXT "This package has the command, and a builtin of the same name for bash."
    DEPENDS "tether-monitor ${same}" REQUIRES "tether-monitor = ${PROJECT_VERSION}")
tether_package(doc DEBIAN tether-doc RPM tether-doc SECTION doc
    SUMMARY "commands as tasks that outlive their host - documents"
    TEXT "This package has the documents and examples.")
tether_package(apr DEBIAN libtether-apr${TETHER_SOVERSION} RPM tether-apr SECTION libs
    SUMMARY "commands as tasks that outlive their host - library for APR"
    TEXT "This package has the library for hosts on the Apache Portable Runtime."
    DEPENDS "libtether${TETHER_SOVERSION} ${same}")
tether_package(apr_development DEBIAN libtether-apr-dev RPM tether-apr-devel SECTION libdevel
    SUMMARY "commands as tasks that outlive their host - development files for APR"
    TEXT "This package has what is needed to build hosts on the Apache Portable\nRuntime."
    DEPENDS "libtether-apr${TETHER_SOVERSION} ${same}, libtether-dev ${same}, libapr1-dev"
    REQUIRES "tether-apr = ${PROJECT_VERSION}, tether-devel = ${PROJECT_VERSION}, apr-devel")

# --- Debian ------------------------------------------------------------------------------------

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_DOC_PACKAGE_ARCHITECTURE all)
foreach(component IN ITEMS runtime apr)
    string(TOUPPER ${component} name)
    set(control ${PROJECT_BINARY_DIR}/debian/${component})
    configure_file(${PROJECT_SOURCE_DIR}/ci/packaging/debian/${CPACK_DEBIAN_${name}_PACKAGE_NAME}.symbols ${control}/symbols COPYONLY)
    file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
    set(CPACK_DEBIAN_${name}_PACKAGE_CONTROL_EXTRA ${control}/symbols ${control}/triggers)
endforeach()

# --- RPM ---------------------------------------------------------------------------------------

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE MIT)
set(CPACK_RPM_DOC_PACKAGE_ARCHITECTURE noarch)
# Folders that belong to the system.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION ${CMAKE_INSTALL_FULL_LIBDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/cmake
    ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_LIBDIR}/bash ${CMAKE_INSTALL_FULL_LIBEXECDIR}
    ${CMAKE_INSTALL_FULL_MANDIR} ${CMAKE_INSTALL_FULL_MANDIR}/man1)

# Read when cpack runs.
set(CPACK_TETHER_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_TETHER_DEBIAN ${PROJECT_SOURCE_DIR}/ci/packaging/debian)
include(CPack)

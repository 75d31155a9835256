# Read by cpack for each kind of package, before it makes any.

# Packages of a distribution are installed in /usr, and the library looks for the monitor where it was configured for.
if(CPACK_GENERATOR MATCHES "^(DEB|RPM)$")
    if(NOT CPACK_TETHER_PREFIX STREQUAL "/usr")
        message(FATAL_ERROR "cpack -G ${CPACK_GENERATOR}: this build is for ${CPACK_TETHER_PREFIX}, a package is for /usr. "
            "Build again with cmake -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_BUILD_TYPE=Release.")
    endif()
    set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
    # Each package has a summary of its own.
    set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
endif()

# The time of all files in the packages: the same sources make the same packages.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
    file(STRINGS ${CPACK_TETHER_DEBIAN}/changelog times REGEX "^ -- ")
    list(GET times 0 time)
    string(REGEX REPLACE "^ -- .*>  " "" time "${time}")
    execute_process(COMMAND date -d "${time}" +%s OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
    if(NOT failed)
        set(ENV{SOURCE_DATE_EPOCH} ${epoch})
    endif()
endif()

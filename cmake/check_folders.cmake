# Part of the installation: stops it with a word about the cure if one of TETHER_FOLDERS cannot be written. It creates the
# folders, as the installation would.

foreach(folder IN LISTS TETHER_FOLDERS)
    get_filename_component(folder "${folder}" ABSOLUTE BASE_DIR "${CMAKE_INSTALL_PREFIX}")
    set(folder "$ENV{DESTDIR}${folder}")
    set(probe "${folder}/.tether-install")
    execute_process(COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}" RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(NOT failed)
        execute_process(COMMAND "${CMAKE_COMMAND}" -E touch "${probe}" RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
        file(REMOVE "${probe}")
    endif()
    if(failed)
        message(FATAL_ERROR "tether was not installed: ${folder} cannot be written. Install as a user who may "
            "(sudo cmake --install ${TETHER_BUILD}), or elsewhere (cmake --install ${TETHER_BUILD} --prefix DIR). "
            "-DCMAKE_INSTALL_MANDIR=DIR when configuring moves only the man pages; other folders have such names, too.")
    endif()
endforeach()

# Before anything is installed: whether the folders of the component can be written. CMake's own message for a folder that
# cannot names a line of a generated script, after half of the files were copied.


function(tether_check_install component)
    string(JOIN "\n        " folders ${ARGN})
    install(CODE "
        set(TETHER_FOLDERS
        ${folders})
        set(TETHER_BUILD \"${CMAKE_BINARY_DIR}\")
        include(\"${CMAKE_CURRENT_SOURCE_DIR}/cmake/check_folders.cmake\")" COMPONENT ${component})
endfunction()

tether_check_install(command ${CMAKE_INSTALL_BINDIR} ${CMAKE_INSTALL_MANDIR}/man1)
tether_check_install(runtime ${CMAKE_INSTALL_LIBDIR})
tether_check_install(development ${CMAKE_INSTALL_INCLUDEDIR} ${CMAKE_INSTALL_LIBDIR})
tether_check_install(monitor ${CMAKE_INSTALL_LIBEXECDIR})
tether_check_install(doc ${CMAKE_INSTALL_DOCDIR})

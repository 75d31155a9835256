# Read by cpack after it has installed the components into folders of its own, before it packs them. Makes the folders
# readable for all, whatever the umask says. Adds what Debian's policy wants of each package: compressed man pages,
# changelog and copyright.

set(for_all find ${CPACK_TEMPORARY_DIRECTORY} -type d -exec chmod 755 {} +)
if(UNIX)
    execute_process(COMMAND ${for_all} COMMAND_ERROR_IS_FATAL ANY)
endif()
if(NOT CPACK_GENERATOR STREQUAL "DEB")
    return()
endif()
file(STRINGS ${CPACK_TETHER_DEBIAN}/changelog head LIMIT_COUNT 1)
if(NOT head MATCHES "^tether \\(${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}\\)")
    message(FATAL_ERROR "ci/packaging/debian/changelog begins with another version than ${CPACK_PACKAGE_VERSION}: describe this one")
endif()
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    set(tree ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr)
    # The name and the time of a file do not belong in it.
    execute_process(COMMAND find ${tree} -path "*/share/man/*" -type f -exec gzip -9n {} + COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND find ${tree} -name "*.a" -exec strip --strip-debug --enable-deterministic-archives {} +
        COMMAND_ERROR_IS_FATAL ANY)
    # What is not the administrator's.
    if(EXISTS ${tree}/share/zsh/site-functions)
        file(RENAME ${tree}/share/zsh/site-functions ${tree}/share/zsh/vendor-completions)
    endif()
    # The file copyright says the same.
    file(REMOVE ${tree}/share/doc/tether/LICENSE)
    string(TOUPPER ${component} name)
    set(doc ${tree}/share/doc/${CPACK_DEBIAN_${name}_PACKAGE_NAME})
    file(COPY ${CPACK_TETHER_DEBIAN}/copyright ${CPACK_TETHER_DEBIAN}/changelog DESTINATION ${doc}
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    file(RENAME ${doc}/changelog ${doc}/changelog.Debian)
    execute_process(COMMAND gzip -9n ${doc}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
endforeach()
execute_process(COMMAND ${for_all} COMMAND_ERROR_IS_FATAL ANY)

# Untested: no vcpkg was at hand. Builds the sources around this folder; a port of a registry would name a release
# (vcpkg_from_github) here.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS options FEATURES tool TETHER_BUILD_CLI)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS ${options} -DBUILD_TESTING=OFF -DTETHER_BUILD_APR=OFF -DTETHER_BUILD_BASH=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/tether)
vcpkg_fixup_pkgconfig()

# The programs go where the library and the command look for the monitor: side by side.
if(VCPKG_TARGET_IS_WINDOWS)
    set(programs tether-monitor)
    if("tool" IN_LIST FEATURES)
        list(APPEND programs tether tether-break)
    endif()
    vcpkg_copy_tools(TOOL_NAMES ${programs} AUTO_CLEAN)
elseif("tool" IN_LIST FEATURES)
    vcpkg_copy_tools(TOOL_NAMES tether AUTO_CLEAN)
endif()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")

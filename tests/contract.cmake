# Contract tests: one per seam header, against the implementation that was built. What every platform has
# is in contract/, what only POSIX has (fork, links, owners) in posix/contract/.
foreach(seam os_clock os_file os_lifeline os_lock os_process)
    tether_test(${seam} contract 120 contract/test_${seam}.c contract/place.c)
    if(UNIX)
        tether_test(${seam}_posix contract 120 posix/contract/test_${seam}_posix.c
            posix/contract/forked.c contract/place.c)
    endif()
endforeach()

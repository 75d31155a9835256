# Makes the programs and libraries of tether harder to abuse, with the options that the compiler has:
#   TETHER_HARDENING_COMPILE       compile options, for all sources
#   tether_harden(TARGET)          link options of a program or a shared library
#   tether_harden_static(TARGET)   the same for a program without shared libraries
# Consumers inherit none of it. That is why the link options belong to single targets: a static library hands on those
# of the interface targets that it links.

include(CheckCSourceCompiles)

option(TETHER_HARDENING "Build with the hardening options that the compiler has" ON)
set(TETHER_HARDENED ${TETHER_HARDENING})
# A sanitizer finds more, and does not go with some of them.
if(TETHER_SANITIZE OR TETHER_FUZZ)
    set(TETHER_HARDENED OFF)
endif()

# Stores those of some options with which a program builds. VARIABLE is what they are for: CMAKE_REQUIRED_DEFINITIONS or
# CMAKE_REQUIRED_LINK_OPTIONS. All at once are one question to the compiler, and the usual answer is yes.
function(tether_supported result variable)
    set(program "#include <stdio.h>\nint main(void) { char text[64]; return fgets(text, 64, stdin) == NULL; }")
    # Else some compilers only warn that they do not know an option.
    set(CMAKE_REQUIRED_FLAGS -Werror)
    set(${variable} ${ARGN})
    check_c_source_compiles("${program}" ${result}_ALL)
    set(supported ${ARGN})
    if(NOT ${result}_ALL)
        set(supported "")
        foreach(option IN LISTS ARGN)
            string(MAKE_C_IDENTIFIER "${result}${option}" known)
            set(${variable} ${option})
            check_c_source_compiles("${program}" ${known})
            if(${known})
                list(APPEND supported ${option})
            endif()
        endforeach()
    endif()
    set(${result} ${supported} PARENT_SCOPE)
endfunction()

set(TETHER_HARDENING_COMPILE "")
set(TETHER_HARDENING_LINK "")
if(TETHER_HARDENED AND MSVC)
    # Linkers for Windows mark what they make for random addresses and no execution of data by themselves.
    set(TETHER_HARDENING_COMPILE /guard:cf)
    set(TETHER_HARDENING_LINK /guard:cf)
elseif(TETHER_HARDENED AND WIN32)
    # No stack protector: it would need a DLL of the compiler.
    tether_supported(TETHER_HARDENING_LINK CMAKE_REQUIRED_LINK_OPTIONS
        -Wl,--dynamicbase -Wl,--nxcompat -Wl,--high-entropy-va)
elseif(TETHER_HARDENED)
    set(options -fstack-protector-strong -fstack-clash-protection)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64|i.86)$")
        list(APPEND options -fcf-protection)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
        list(APPEND options -mbranch-protection=standard)
    endif()
    tether_supported(TETHER_HARDENING_COMPILE CMAKE_REQUIRED_DEFINITIONS ${options})
    # The C library warns of it in a build without optimisation. Some compilers define it themselves. Elsewhere the headers
    # make macros of functions.
    if(CMAKE_SYSTEM_NAME MATCHES "^(Linux|Darwin)$")
        list(APPEND TETHER_HARDENING_COMPILE
            $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>
            $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>)
    endif()
    if(NOT APPLE)
        tether_supported(TETHER_HARDENING_LINK CMAKE_REQUIRED_LINK_OPTIONS
            -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
    endif()
    include(CheckPIESupported)
    check_pie_supported(LANGUAGES C OUTPUT_VARIABLE ignored)
endif()

function(tether_harden target)
    target_link_options(${target} PRIVATE ${TETHER_HARDENING_LINK})
    if(TETHER_HARDENED AND NOT WIN32)
        set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    endif()
endfunction()

# CMake's property would add -pie, which does not go with -static.
function(tether_harden_static target)
    set(kind -static)
    if(TETHER_HARDENED)
        set(CMAKE_REQUIRED_FLAGS -fPIE)
        set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
        check_c_source_compiles("int main(void) { return 0; }" TETHER_HAVE_STATIC_PIE)
        if(TETHER_HAVE_STATIC_PIE)
            set(kind -static-pie)
            target_compile_options(${target} PRIVATE -fPIE)
        endif()
    endif()
    target_link_options(${target} PRIVATE ${kind} ${TETHER_HARDENING_LINK})
endfunction()

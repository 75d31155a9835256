/* TETHER_EXPORT marks the public functions. All other symbols of the shared library are hidden.
 *
 * On Windows, programs that link to the shared library define TETHER_SHARED (the CMake target
 * tether::tether does); TETHER_BUILDING is defined only while the library itself is compiled. */
#ifndef TETHER_EXPORT_H
#define TETHER_EXPORT_H

#if defined(_WIN32) && defined(TETHER_SHARED)
#ifdef TETHER_BUILDING
#define TETHER_EXPORT __declspec(dllexport)
#else
#define TETHER_EXPORT __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define TETHER_EXPORT __attribute__((visibility("default")))
#else
#define TETHER_EXPORT
#endif

#endif

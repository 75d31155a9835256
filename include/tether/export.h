/* How a public symbol is marked. Everything else in the library is hidden. */
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

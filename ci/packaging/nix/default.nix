# Untested where Nix builds: the syntax is checked (nix-instantiate --parse). From the root of the repository:
#   nix-build ci/packaging/nix
{ pkgs ? import <nixpkgs> { } }:

pkgs.stdenv.mkDerivation {
  pname = "tether";
  version = "0.1.0";
  src = pkgs.lib.cleanSource ../../..;

  nativeBuildInputs = [ pkgs.cmake pkgs.ninja pkgs.pkg-config ];
  # Consumers of the static library link them too.
  propagatedBuildInputs = [ pkgs.libuv pkgs.jansson pkgs.pcre2 ];

  cmakeFlags = [ "-DBUILD_TESTING=OFF" "-DTETHER_BUILD_APR=OFF" "-DTETHER_BUILD_BASH=OFF" ];

  # The store is moved nowhere: the command finds the monitor in $out/libexec.
  doInstallCheck = true;
  installCheckPhase = ''
    $out/bin/tether --version
    $out/libexec/tether/tether-monitor --version
  '';

  meta = {
    description = "Starts commands as tasks that outlive their host: command and library";
    license = pkgs.lib.licenses.mit;
    platforms = pkgs.lib.platforms.unix;
    mainProgram = "tether";
  };
}

# Untested: no macOS was at hand, and tether was never run there; the syntax is checked (ruby -c). There is no monitor on
# macOS: sh supervises the tasks. Before the first release there is only --HEAD.
class Tether < Formula
  desc "Starts commands as tasks that outlive their host: command and library"
  homepage "https://example.com/tether" # replace by the address of the repository
  license "MIT"
  head "https://example.com/tether.git", branch: "main"

  depends_on "cmake" => :build
  depends_on "pkgconf" => [:build, :test]
  depends_on "jansson"
  depends_on "libuv"
  depends_on "pcre2"

  def install
    system "cmake", "-S", ".", "-B", "build", "-DBUILD_TESTING=OFF", "-DTETHER_BUILD_APR=OFF",
           "-DTETHER_BUILD_BASH=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    ENV["TETHER_STORE"] = testpath/"store"
    id = shell_output("#{bin}/tether run -c 'echo brewed; exit 3'").strip
    shell_output("#{bin}/tether wait #{id}", 3)
    assert_match "brewed", shell_output("#{bin}/tether output #{id}")
  end
end

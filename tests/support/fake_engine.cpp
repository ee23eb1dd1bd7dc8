// An engine for tests: listens like one, and misbehaves on request. Built without sanitizers, since it runs
// under memory limits.
//
//   fake_engine [--port P] [--model M] [--alias NAME] [--ready-after-ms N] [--behave WORD]...
//
// Words: exit-at-once, no-listen, never-ready, garbage, ignore-term, escape, oom, eat, bad-flag, segment (of
// shared memory, left behind). While it serves, GET /die/exit/3 and /die/signal/11 end it that way.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct Options {
  int port = 0;
  std::string name = "fake";
  int ready_after_ms = 0;
  int context = 2048;
  std::set<std::string> words;
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; ++i) {
    const std::string flag = arguments[i];
    const char* value = arguments[i + 1];
    if (flag == "--port") options.port = std::atoi(value);
    if (flag == "--alias" || flag == "--served-model-name") options.name = value;
    if (flag == "--ready-after-ms") options.ready_after_ms = std::atoi(value);
    if (flag == "--ctx-size") options.context = std::atoi(value);
    if (flag == "--behave") options.words.insert(value);
  }
  return options;
}

/// A grandchild in a session of its own whose parent is gone.
void escape() {
  int ready[2];
  if (::pipe(ready) != 0) std::abort();
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) {
      std::signal(SIGTERM, SIG_IGN);
      std::signal(SIGHUP, SIG_IGN);
      const int self = ::getpid();
      if (::write(ready[1], &self, sizeof self) < 0) std::abort();
      while (true) ::pause();
    }
    ::_exit(0);
  }
  int grandchild = 0;
  if (::read(ready[0], &grandchild, sizeof grandchild) < 0) std::abort();
  std::printf("grandchild %d\n", grandchild);
}

void eat_memory() {
  std::vector<char*> pieces;
  while (true) {
    auto* piece = static_cast<char*>(std::malloc(8U << 20));
    if (piece == nullptr) {
      std::fprintf(stderr,
                   "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 8388608\n");
      std::exit(1);
    }
    std::memset(piece, 1, 8U << 20);
    pieces.push_back(piece);
  }
}

/// Shared memory that is still there when its owner was killed.
void leave_segment() {
  const std::string name = "/autotuner-test-" + std::to_string(::getpid());
  const int segment = ::shm_open(name.c_str(), O_CREAT | O_RDWR, 0600);
  if (segment < 0 || ::ftruncate(segment, 4096) != 0) std::abort();
  if (::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, segment, 0) == MAP_FAILED) std::abort();
  std::printf("segment /dev/shm%s\n", name.c_str());
}

[[noreturn]] void die(const std::string& how) {
  std::fflush(stdout);
  const auto number = std::atoi(how.c_str() + how.rfind('/') + 1);
  if (how.rfind("/die/exit/", 0) == 0) std::exit(number);
  std::signal(number, SIG_DFL);
  std::raise(number);
  std::abort();
}

int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 16) != 0) {
    std::fprintf(stderr, "error: couldn't bind port %d: Address already in use\n", port);
    std::exit(1);
  }
  socklen_t size = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening on %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

std::string read_target(int client) {
  std::string request;
  char buffer[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const auto size = ::read(client, buffer, sizeof buffer);
    if (size <= 0) return {};
    request.append(buffer, static_cast<std::size_t>(size));
  }
  const auto start = request.find(' ') + 1;
  return request.substr(start, request.find(' ', start) - start);
}

std::string reply(const char* status, const std::string& body) {
  return std::string("HTTP/1.1 ") + status +
         "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string answer(const std::string& target, const Options& options, bool ready) {
  if (!ready && target != "/v1/models")
    return reply("503 Service Unavailable", R"({"error":{"message":"Loading model"}})");
  if (target == "/health") return reply("200 OK", R"({"status":"ok"})");
  if (target == "/v1/models")
    return reply("200 OK", R"({"object":"list","data":[{"id":")" + options.name + R"("}]})");
  if (target == "/props") {
    return reply("200 OK", R"({"default_generation_settings":{"n_ctx":)" + std::to_string(options.context) +
                               R"(},"total_slots":4,"build_info":"fake-1"})");
  }
  return reply("404 Not Found", "{}");
}

void serve(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const int listener = listen_on(options.port);
  while (true) {
    const int client = ::accept(listener, nullptr, nullptr);
    if (client < 0) continue;
    const auto target = read_target(client);
    if (target.rfind("/die/", 0) == 0) die(target);
    const auto age = std::chrono::steady_clock::now() - start;
    const bool ready =
        options.words.count("never-ready") == 0 && age >= std::chrono::milliseconds(options.ready_after_ms);
    const auto text = options.words.count("garbage") > 0 ? std::string("\x01\x02 what?\n\n")
                                                         : answer(target, options, ready);
    if (::send(client, text.data(), text.size(), MSG_NOSIGNAL) < 0) std::fprintf(stderr, "send failed\n");
    ::close(client);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "--version") == 0) {
    std::printf("version: 1 (fake)\n");
    return 0;
  }
  const auto options = parse(count, arguments);
  const auto has = [&](const char* word) { return options.words.count(word) > 0; };
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::printf("fake engine starts\n");
  if (has("ignore-term")) std::signal(SIGTERM, SIG_IGN);
  if (has("escape")) escape();
  if (has("bad-flag")) {
    std::fprintf(stderr, "error: invalid argument: --frobnicate\n");
    return 1;
  }
  if (has("oom")) {
    std::fprintf(stderr, "RuntimeError: CUDA out of memory. Tried to allocate 20.00 GiB\n");
    return 1;
  }
  if (has("exit-at-once")) {
    std::fprintf(stderr, "Error: the model file is broken\n");
    return 3;
  }
  if (has("eat")) eat_memory();
  if (has("segment")) leave_segment();
  if (has("no-listen")) {
    std::printf("waiting\n");
    while (true) ::pause();
  }
  serve(options);
}

#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "tests/support/scripted_server.hpp"
#include "traffic/level_runner.hpp"

namespace autotuner::traffic {
namespace {

namespace asio = boost::asio;
namespace answers = tests::answers;
using asio::ip::tcp;
using namespace std::chrono_literals;

/// A key and a certificate that signs itself for the name localhost.
struct Identity {
  std::string key_pem;
  std::string certificate_pem;

  Identity() {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    auto* name = X509_get_subject_name(certificate.get());
    const auto* common = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    auto* alternative = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate.get(), alternative, -1);
    X509_EXTENSION_free(alternative);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    key_pem = text(
        [&](BIO* out) { PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    certificate_pem = text([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
  }

 private:
  template <class Write>
  static std::string text(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    write(out.get());
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }
};

/// Answers every request on every connection, one connection after the other.
class TlsServer {
 public:
  explicit TlsServer(const Identity& identity)
      : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    context_.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem);
    context_.use_certificate_chain(asio::buffer(identity.certificate_pem));
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  std::string url() { return "https://localhost:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  void serve() {
    for (;;) {
      boost::system::error_code error;
      asio::ssl::stream<tcp::socket> stream(io_, context_);
      acceptor_.accept(stream.next_layer(), error);
      if (error) return;
      stream.handshake(asio::ssl::stream_base::server, error);
      asio::streambuf buffer;
      while (!error) {
        const auto size = asio::read_until(stream, buffer, "\r\n\r\n{}", error);
        buffer.consume(size);
        if (!error) asio::write(stream, asio::buffer(answers::chat(4, 3)), error);
      }
    }
  }

  asio::io_context io_;
  asio::ssl::context context_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

load::LevelRun run(const Endpoint& endpoint) {
  ClosedLoop pacing(1, 3, Nanoseconds(0));
  const PreparedRequests requests({PreparedRequest{"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 1, 3}});
  LevelPlan plan;
  plan.endpoint = endpoint;
  plan.pacing = &pacing;
  plan.requests = &requests;
  plan.until.push_back(stop_at(std::chrono::steady_clock::now() + 60s));
  auto result = run_level(plan, {});
  EXPECT_TRUE(result) << result.error().message;
  return std::move(*result);
}

TEST(Tls, MeasuresAServerWhoseCertificateIsTrusted) {
  const Identity identity;
  const auto ca = std::filesystem::temp_directory_path() / ("autotuner-ca-" + std::to_string(::getpid()));
  std::ofstream(ca) << identity.certificate_pem;
  TlsServer server(identity);
  const auto result =
      run({.url = *net::parse_url(server.url()), .ca_file = ca.string(), .verify_peer = true});
  std::filesystem::remove(ca);
  ASSERT_EQ(result.records.size(), 3U);
  for (const auto& record : result.records) {
    EXPECT_TRUE(record.ok()) << record.error_message;
    EXPECT_EQ(record.output_tokens, 3);
  }
}

TEST(Tls, RefusesAnUnknownCertificateUnlessToldOtherwise) {
  const Identity identity;
  TlsServer server(identity);
  const auto url = *net::parse_url(server.url());
  const auto refused = run({.url = url, .ca_file = {}, .verify_peer = true});
  EXPECT_EQ(refused.records.at(0).error_code, 503);
  EXPECT_NE(refused.records.at(0).error_message.find("certificate verify failed"), std::string::npos)
      << refused.records.at(0).error_message;
  const auto accepted = run({.url = url, .ca_file = {}, .verify_peer = false});
  EXPECT_TRUE(accepted.records.at(0).ok()) << accepted.records.at(0).error_message;
}

}  // namespace
}  // namespace autotuner::traffic

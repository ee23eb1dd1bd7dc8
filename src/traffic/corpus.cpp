#include "traffic/corpus.hpp"

#include <algorithm>

namespace autotuner::traffic {
namespace {

constexpr std::string_view word_text =
    "time year people way day man thing woman life child world school state family student group country "
    "problem hand "
    "part place case week company system program question work government number night point home water room "
    "mother area "
    "money story fact month lot right study book eye job word business issue side kind head house service "
    "friend father "
    "power hour game line end member law car city community name president team minute idea kid body "
    "information back "
    "parent face others level office door health person art war history party result change morning reason "
    "research girl "
    "guy moment air teacher force education foot boy age policy music market sense nation plan college "
    "interest death "
    "experience effect use class control care field development role effort rate heart show leader light "
    "voice wife "
    "police mind price report decision son view relationship town road arm difference value building action "
    "season model "
    "society tax director position player record paper space ground form event official matter center couple "
    "site project "
    "activity star table need court oil situation cost industry figure street image phone data picture "
    "practice piece land "
    "product doctor wall patient worker news test movie north love support technology step baby computer "
    "type attention "
    "film tree source organization hair look window culture chance brother energy period course summer plant "
    "opportunity "
    "term letter condition choice rule daughter south husband floor campaign material population call "
    "economy hospital "
    "church risk fire future bank west sport board subject officer rest behavior performance top goal second "
    "bed order "
    "author blood agency nature color store sound movement page race concern series language response animal "
    "factor decade "
    "article east artist scene stock career treatment approach size dog fund media sign thought list "
    "individual quality "
    "pressure answer resource meeting disease success cup amount ability staff character growth loss degree "
    "attack region "
    "television box training trade deal election feeling standard bill message analysis benefit lawyer "
    "section glass "
    "skill sister professor operation crime stage authority design sort knowledge station strategy truth "
    "song example "
    "environment leg public executive set rock note manager help network science memory card seat cell trial "
    "expert spring "
    "firm radio visit management budget river garden winter kitchen bridge forest island mountain ocean "
    "village valley "
    "engine signal measure balance bottle basket candle corner desert dinner farmer finger flower fruit "
    "guitar hammer "
    "jacket ladder lake leaf lemon library machine magazine metal mirror needle orange pencil pepper planet "
    "pocket potato "
    "rabbit rain ring roof salt sand shadow shirt shoulder silver snow soap spoon square stone storm sugar "
    "sun table "
    "teacher ticket tiger tool tower train travel uncle wheel wind wine wood yellow zero";

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    bool known = false;
    for (const auto other : words) known = known || other == word;
    if (!known) words.push_back(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

const std::vector<std::string_view>& common_words() {
  static const std::vector<std::string_view> words = split_words(word_text);
  return words;
}

std::string random_words(const std::vector<std::string_view>& vocabulary, int count, base::Random& random) {
  std::string text;
  text.reserve(static_cast<std::size_t>(count) * 7);
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += ' ';
    text += vocabulary[static_cast<std::size_t>(
        random.integer(0, static_cast<std::int64_t>(vocabulary.size()) - 1))];
  }
  return text;
}

}  // namespace autotuner::traffic

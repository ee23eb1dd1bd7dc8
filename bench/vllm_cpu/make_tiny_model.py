"""Makes a tiny Llama model with random weights: real enough for an engine, small enough for two cores.

usage: make_tiny_model.py FOLDER

The folder gets configuration, weights (about 9 MB, bfloat16), a byte-level BPE tokenizer trained on invented
sentences, and a chat template. The same seed gives the same model, so nothing has to be downloaded or kept.
"""

import pathlib
import random
import sys

import tokenizers
import torch
import transformers

SEED = 7
VOCABULARY = 2048
END_OF_TEXT = "<|end|>"
SUBJECTS = ["the river", "a lamp", "her brother", "every train", "our garden", "the clerk", "a storm", "his letter"]
VERBS = ["follows", "hides", "counts", "repairs", "crosses", "answers", "paints", "forgets"]
OBJECTS = ["the old bridge", "seven stones", "a quiet street", "the last page", "two windows", "an empty chair"]
ENDINGS = ["before noon", "without a word", "in the rain", "for the third time", "as usual", "at the harbour"]
CHAT_TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def sentences(count: int) -> list[str]:
    choose = random.Random(SEED)
    made = []
    for number in range(count):
        parts = [choose.choice(words) for words in (SUBJECTS, VERBS, OBJECTS, ENDINGS)]
        noise = "".join(choose.choices("abcdefghijklmnopqrstuvwxyz", k=choose.randint(3, 9)))
        made.append(f"{' '.join(parts)}, {noise} {number}.")
    return made


def make_tokenizer() -> transformers.PreTrainedTokenizerFast:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences(4000), trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT, pad_token=END_OF_TEXT
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def make_model(end_of_text: int) -> transformers.LlamaForCausalLM:
    torch.manual_seed(SEED)
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=4,
        max_position_embeddings=2048,
        bos_token_id=end_of_text,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
    )
    return transformers.LlamaForCausalLM(config).to(torch.bfloat16)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: make_tiny_model.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    tokenizer = make_tokenizer()
    model = make_model(tokenizer.eos_token_id)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    parameters = sum(weights.numel() for weights in model.parameters())
    print(f"{folder}: {parameters / 1e6:.1f} million random weights, {len(tokenizer)} tokens")


if __name__ == "__main__":
    main()

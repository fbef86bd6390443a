package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command has a page in docs/commands that names each of its flags.
func TestDocsNameEveryFlag(t *testing.T) {
	parser, err := kong.New(&cli{}, choices())
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "commands", command.Name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, flag := range command.Flags {
			if !strings.Contains(string(page), "--"+flag.Name) {
				t.Errorf("docs/commands/%s.md does not name --%s", command.Name, flag.Name)
			}
		}
	}
}

// notYetBlock is an example of docs/status.md that fit refuses.
var notYetBlock = regexp.MustCompile("(?s)```ppl-not-yet\n(.*?)```")

// Help says of a word that fit does not know it yet if, and only if, an example of the
// status page that has it is refused for it.
func TestHelpSaysNotYet(t *testing.T) {
	page, err := os.ReadFile("../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, block := range notYetBlock.FindAllStringSubmatch(string(page), -1) {
		dir := t.TempDir()
		_, _, stderr := runPPL(context.Background(), "check", write(t, dir, "model.ppl", block[1]))
		for word := range statements {
			if strings.Contains(stderr, "`"+word+"` is not supported yet") {
				refused[word] = true
			}
		}
	}
	for word := range statements {
		if _, text, _ := runPPL(context.Background(), "help", word); strings.Contains(text, "Not yet") != refused[word] {
			t.Errorf("check refuses a model with %s: %v; its page:\n%s", word, refused[word], text)
		}
	}
	if len(refused) == 0 {
		t.Error("nothing is refused")
	}
}

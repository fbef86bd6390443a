package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command has a page in docs/commands that names each of its flags.
func TestDocsNameEveryFlag(t *testing.T) {
	parser, err := kong.New(&cli{})
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

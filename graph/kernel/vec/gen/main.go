// Command gen writes the generated files of package vec: the portable elementwise loops, and the
// assembly kernels for AVX2 and AVX-512 with their declarations.
//
// Run it in this folder as go run . , or as go run . -o DIR to write elsewhere.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	out := flag.String("o", "..", "folder to write to")
	flag.Parse()
	for name, write := range files {
		text, err := write()
		if err == nil {
			err = os.WriteFile(filepath.Join(*out, name), text, 0o644)
		}
		if err != nil {
			log.Fatalf("writing %s: %v", name, err)
		}
	}
}

// files maps each generated file to what writes it.
var files = map[string]func() ([]byte, error){
	"portable_loops.go": portable,
}

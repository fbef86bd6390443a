package data

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzStream compares a text that is read in pieces of three rows with the same text read whole: either both are
// refused, or rows, labels and missing elements are the same.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		"a,c\n1,x\n2,y\n,z\n4,\"q\"\"\nw\"\n5,x\n6,1\n7,2\n", "a\n1\n\n\n\n3\n\n4\n5\n6\n\n\n", "\xef\xbb\xbfa,c,X.1\r\n1,2,3\r\n4,5,6\r\n\r\n7,8,9\r\n10,11,12\r\n", "c,a\nTRUE,1\nNA,2\n\"NA\",3\n007,4\n7,5\n",
		"a,c\n1,2\n3\n", "a,c\n1,2\n3,4\n5,6\n7,\"8\n", "a\n", "", "a,c\n1,x\n2,x\n3,x\n4,2.5\n", "a,c\n1,x\n2,x\n3,x\nlong,x\n", " a , c \n 1 , 2 \n3,4\n5,6\n7,8\n9, 10", "a\n1\n2\n3\n\n\n\n\n",
	} {
		f.Add([]byte(s), false)
	}
	for _, s := range []string{
		"{\"a\": 1, \"c\": \"x\"}\n{\"a\": null}\n\n{\"c\": 3}\n{\"a\": 4, \"c\": \"y\"}\n{}\n{}\n{}\n{\"a\": 5}\n", "{\"a\": [1]}\n", "{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}\n{\"a\": 4}{\"a\": 5}\n", "{\"a\": 1}\n{}\n{}\n{\"b\": 2}\n{\"b\": 3}\n{\"a\": \"NaN\"}",
		"\xef\xbb\xbf{\"a\": 1e400}\r\n{\"a\": 2}\r\n{\"a\": 1}\r\n{\"c\": true}\r\n", "{\"a\": 9007199254740993}\n{\"c\": 9007199254740993}\n{\"c\": 1.0}\n{\"c\": \"1\"}\n", "{\"z\": 1}\n{\"z\": 1}\n{\"z\": 1}\n{\"a\": 1}\n",
	} {
		f.Add([]byte(s), true)
	}
	m := model(f, "data a : real?[N]\ndata c : factor(J)?[N]")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte, lines bool) {
		path := filepath.Join(dir, "d.csv")
		if lines {
			path = filepath.Join(dir, "d.jsonl")
		}
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		tables, diags := Read(ctx, []string{path}, Options{})
		var whole *Bound
		if !diags.HasErrors() {
			whole, diags = Bind(m, tables, BindOptions{})
		}
		s, found := OpenStream(ctx, m, "N", FileParts(path), StreamOptions{Block: 3, Memory: 8 * 8})
		if s != nil {
			defer s.Close()
		}
		if diags.HasErrors() != found.HasErrors() {
			t.Fatalf("whole: %s\nin pieces: %s", rendered(diags), rendered(found))
		}
		if found.HasErrors() {
			return
		}
		n := whole.Dims["N"]
		if s.Rows() != n || len(s.Levels()["J"]) != len(whole.Levels["J"]) || n > 0 && len(whole.Levels["J"]) > 0 && !reflect.DeepEqual(s.Levels(), whole.Levels) {
			t.Fatalf("%d rows, %v; in pieces %d, %v", n, whole.Levels, s.Rows(), s.Levels())
		}
		seen := make([]int, n)
		for b, err := range s.Batches(ctx, 1, 0, 2, 0) {
			if err != nil {
				t.Fatal(err)
			}
			for k, i := range b.Index {
				seen[i]++
				for j, name := range []string{"a", "c"} {
					a := whole.Values[name]
					missing := b.Missing[j] != nil && b.Missing[j][k]
					if !equal(a.Data[i:i+1], b.Values[j][k:k+1]) || missing != (a.Missing != nil && a.Missing[i]) {
						t.Fatalf("%s[%d] is %v, in pieces %v", name, i+1, a.Data[i], b.Values[j][k])
					}
				}
			}
		}
		for i, k := range seen {
			if k != 1 {
				t.Fatalf("row %d was visited %d times", i+1, k)
			}
		}
	})
}

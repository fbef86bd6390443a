package store

import (
	"bytes"
	"context"
	"testing"
)

func BenchmarkWrite(b *testing.B) {
	f := version(1)
	b.SetBytes(8 * 3 * chunkElements / 2)
	for b.Loop() {
		Write(context.Background(), discard{}, f)
	}
}

func BenchmarkRead(b *testing.B) {
	data := written(b, version(1))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Read(bytes.NewReader(data), int64(len(data)), Limits{})
	}
}

package main

import (
	"bufio"

	"ppl/runtime"
)

// The formats of the files that `ppl fit` writes.
const (
	cmdStanFile = "draws as CmdStan's CSV"
	parquetFile = "draws as Parquet"
	savedFile   = "a saved fit"
)

// drawsFiles are the formats of --output of `ppl fit`, savedFiles those of --save.
var (
	drawsFiles = outputs{{".csv", cmdStanFile}, {".parquet", parquetFile}, {".zarr.zip", savedFile}}
	savedFiles = outputs{{".zarr.zip", savedFile}, {".zip", savedFile}}
)

// writeDraws writes the draws, or the fit, in the format of the file's ending.
func (c *fitCmd) writeDraws(post *runtime.Posterior) error {
	switch format, _ := drawsFiles.format(c.Output); format {
	case savedFile:
		return c.save(c.Output, post)
	case parquetFile:
		return writePosterior(c.Output, post, runtime.DrawsParquet)
	}
	// also into what is no regular file, whose name says nothing
	return writePosterior(c.Output, post, runtime.DrawsCmdStan)
}

func writePosterior(path string, post *runtime.Posterior, format runtime.DrawsFormat) error {
	return writeFile(path, func(w *bufio.Writer) error { return post.WriteDraws(w, format) })
}

// save writes the fit itself.
func (c *fitCmd) save(path string, post *runtime.Posterior) error {
	return writeFile(path, func(w *bufio.Writer) error { return post.SaveWith(w, runtime.SaveOptions{NoData: c.NoData}) })
}

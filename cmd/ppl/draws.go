package main

import (
	"bufio"
	"os"

	"ppl/runtime"
	"ppl/runtime/draws"
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

// outputs are the files that --output asks for.
func (c *fitCmd) outputs() []string {
	if !c.PerChain {
		return []string{c.Output}
	}
	var out []string
	for chain := range c.Sampler.Chains {
		out = append(out, draws.ChainPath(c.Output, chain+1))
	}
	return out
}

// validForm refuses --per-chain and --long where what is written has no such form. A file that a former run
// with more chains has left would be taken for one of this run by whoever reads x_*.csv.
func (c *fitCmd) validForm() error {
	format, _ := drawsFiles.format(c.Output)
	file := c.Output != "" && c.Output != "-"
	switch {
	case c.Long && (!file || format != parquetFile):
		return usage("--long is for Parquet: give -o a name that ends in .parquet")
	case !c.PerChain:
		return nil
	case c.Sampler.Method != runtime.MethodNUTS:
		return usage("--per-chain is for --method %s: other draws are of no chains", runtime.MethodNUTS)
	case !file || format != cmdStanFile:
		return usage("--per-chain is for CSV: give -o a name that ends in .csv")
	}
	if next := draws.ChainPath(c.Output, c.Sampler.Chains+1); exists(next) {
		return usage("--per-chain: there is %s, of a run with more than %d chains, which would be read along with those of this one: remove it first", next, c.Sampler.Chains)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// writeDraws writes the draws, or the fit, in the format of the file's ending.
func (c *fitCmd) writeDraws(post *runtime.Posterior) error {
	if c.PerChain {
		n := max(1, post.DrawsChains()) // none of a model without continuous latents
		return writeFiles(c.outputs()[:min(n, c.Sampler.Chains)], func(i int, w *bufio.Writer) error { return post.WriteChain(w, i+1) })
	}
	switch format, _ := drawsFiles.format(c.Output); format {
	case savedFile:
		return c.save(c.Output, post)
	case parquetFile:
		if c.Long {
			return writePosterior(c.Output, post, runtime.DrawsParquetLong)
		}
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

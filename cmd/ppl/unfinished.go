package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// unfinished are the files that are being written under a passing name. Where a
// signal ends the process, it takes them along: nobody else would know what they
// are.
var unfinished passing

type passing struct {
	mutex sync.Mutex
	names map[string]bool
	heard chan os.Signal
}

// ending are the signals that end a process and can be heard.
var ending = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// add names a file before it is made. The first one starts to listen.
func (p *passing) add(name string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.names) == 0 {
		p.names = map[string]bool{}
		p.heard = make(chan os.Signal, 1)
		signal.Notify(p.heard, ending...)
		go p.listen(p.heard)
	}
	p.names[name] = true
}

// remove forgets a file; the last one stops listening.
func (p *passing) remove(name string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.names[name] {
		return
	}
	if delete(p.names, name); len(p.names) == 0 {
		signal.Stop(p.heard)
		close(p.heard)
	}
}

// hold keeps a signal from ending the process until release: files take their names.
func (p *passing) hold()    { p.mutex.Lock() }
func (p *passing) release() { p.mutex.Unlock() }

// listen ends the process as the signal would have, without the files.
func (p *passing) listen(heard <-chan os.Signal) {
	s, ok := <-heard
	if !ok {
		return
	}
	p.mutex.Lock() // for good: nothing is written any more
	for name := range p.names {
		os.Remove(name)
	}
	os.Exit(endedBy(s))
}

// endedBy is the exit status that shells give a process ended by a signal.
func endedBy(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitInterrupted
}

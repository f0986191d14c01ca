// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Complete when a scenario gets them: what was not asked for is the scenario's own, and 0 only where that says so
type options struct {
	n          int64
	seconds    float64
	tasks      int64 // at work at once; 0: as many as run at once
	liveMiB    int64
	blockBytes int64
	rate       float64
	procs      int64 // 0: not asked for
	mode       string
	cpuprofile string
	nGiven     bool
}

func (o *options) duration() time.Duration { return time.Duration(o.seconds * 1e9) }
func (o *options) live() int64             { return o.liveMiB << 20 }

func (o *options) parallel() int {
	if o.tasks > 0 {
		return int(o.tasks)
	}
	return runtime.GOMAXPROCS(0)
}

// A whole number from 1 on
type count struct {
	value *int64
	most  int64
}

func (c count) String() string { return "" }
func (c count) Set(text string) error {
	x, err := strconv.ParseInt(text, 10, 64)
	if err != nil || x < 1 || x > c.most {
		return fmt.Errorf("a whole number from 1 to %d is wanted", c.most)
	}
	*c.value = x
	return nil
}

// A number above 0
type amount struct {
	value *float64
	most  float64
}

func (a amount) String() string { return "" }
func (a amount) Set(text string) error {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0) || x > a.most {
		return fmt.Errorf("a number above 0 and up to %.0f is wanted", a.most)
	}
	*a.value = x
	return nil
}

type text struct{ value *string }

func (t text) String() string { return "" }
func (t text) Set(s string) error {
	*t.value = s
	if s == "" {
		return errors.New("it is empty")
	}
	return nil
}

// The options there are, with the most that each takes
var letters = []struct {
	name, what string
	flag       func(o *options) flag.Value
}{
	{"n", "N", func(o *options) flag.Value { return count{&o.n, 1e12} }},
	{"t", "SECONDS", func(o *options) flag.Value { return amount{&o.seconds, 1e6} }},
	{"j", "TASKS", func(o *options) flag.Value { return count{&o.tasks, 1e6} }},
	{"l", "MIB", func(o *options) flag.Value { return count{&o.liveMiB, 1e6} }},
	{"b", "BYTES", func(o *options) flag.Value { return count{&o.blockBytes, 1e9} }},
	{"r", "RATE", func(o *options) flag.Value { return amount{&o.rate, 1e7} }},
	{"m", "MODE", func(o *options) flag.Value { return text{&o.mode} }},
	{"p", "PROCS", func(o *options) flag.Value { return count{&o.procs, 255} }},
	{"cpuprofile", "FILE", func(o *options) flag.Value { return text{&o.cpuprofile} }},
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: go-bench SCENARIO")
	for _, l := range letters {
		fmt.Fprintf(w, " [-%s %s]", l.name, l.what)
	}
	fmt.Fprint(w, "\n  -p PROCS  how many goroutines run at once\n")
	for i := range scenarios {
		s := &scenarios[i]
		fmt.Fprintf(w, "  %-11s %s (takes", s.name, s.help)
		for _, name := range s.options() {
			fmt.Fprintf(w, " -%s", name)
		}
		for i, m := range s.modes {
			fmt.Fprint(w, []string{"; -m ", " | "}[btoi(i > 0)], m.name)
		}
		fmt.Fprintln(w, ")")
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Ends the process
func wrong(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "go-bench: "+format+"\n", args...)
	usage(os.Stderr)
	os.Exit(2)
}

func (s *scenario) options() []string { return append(strings.Fields(s.takes), "p") }

// The default of -n may depend on the mode
func (s *scenario) setMode(o *options) {
	if len(s.modes) == 0 {
		return
	}
	chosen := -1
	for i, m := range s.modes {
		if m.name == o.mode || o.mode == "" && i == 0 {
			chosen = i
		}
	}
	if chosen < 0 {
		wrong("%s has no mode %s", s.name, o.mode)
	}
	o.mode = s.modes[chosen].name
	if n := s.modes[chosen].n; n > 0 && !o.nGiven {
		o.n = n
	}
}

// The command line. Ends the process where it is wrong.
func parse(args []string) (*scenario, *options) {
	var s *scenario
	for i := range scenarios {
		if scenarios[i].name == args[0] {
			s = &scenarios[i]
		}
	}
	switch {
	case args[0] == "-h" || args[0] == "--help":
		usage(os.Stdout)
		os.Exit(0)
	case s == nil:
		wrong("there is no scenario %s", args[0])
	}
	o := s.defaults
	flags := flag.NewFlagSet(s.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, name := range s.options() {
		for _, l := range letters {
			if l.name == name {
				flags.Var(l.flag(&o), name, l.what)
			}
		}
	}
	err := flags.Parse(args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(os.Stdout)
		os.Exit(0)
	case err != nil:
		wrong("%s: %v", s.name, err)
	case flags.NArg() > 0:
		wrong("%s: what is %s?", s.name, flags.Arg(0))
	}
	flags.Visit(func(f *flag.Flag) { o.nGiven = o.nGiven || f.Name == "n" })
	if s.most > 0 && o.n > s.most {
		wrong("%s takes -n up to %d", s.name, s.most)
	}
	s.setMode(&o)
	return s, &o
}

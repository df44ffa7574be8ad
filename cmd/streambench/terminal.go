package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// columns is the width of the terminal a stream leads to; 0 if it leads to none, if this is a CI
// job, or if the terminal says that it is dumb.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("CI") != "" || os.Getenv("TERM") == "dumb" {
		return 0
	}
	return columnsOf(f)
}

// The colours words are painted in; every state has a word besides.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint colours a word where the stream is a terminal that wants it (NO_COLOR), or as told.
func (a *app) paint(w io.Writer, colour, word string) string {
	on := a.color == "always"
	if a.color == "auto" {
		_, no := os.LookupEnv("NO_COLOR")
		on = !no && columns(w) > 0
	}
	if !on {
		return word
	}
	return "\x1b[" + colour + "m" + word + "\x1b[0m"
}

// paintWord gives the words of verdicts and checks their colour.
func (a *app) paintWord(w io.Writer, word string) string {
	switch word {
	case "ok", "PASS":
		return a.paint(w, green, word)
	case "warn", "UNKNOWN", "INVALID", "n/a":
		return a.paint(w, yellow, word)
	case "FAIL":
		return a.paint(w, red, word)
	}
	return word
}

// columnsOf is the width of the terminal behind a file, 0 if there is none.
func columnsOf(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	if size.Col == 0 { // a terminal that does not tell, as some serial lines and test harnesses
		return 80
	}
	return int(size.Col)
}

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// brokersFor are brokers that scripts can ask for.
var brokersFor = map[string]func(ts *testscript.TestScript, c *kfake.Cluster){
	"good": func(*testscript.TestScript, *kfake.Cluster) {},
	// strict measures a ceiling and then takes no event of a run.
	"strict": func(_ *testscript.TestScript, c *kfake.Cluster) {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.PolicyViolation, Count: -1,
			When: func(r kmsg.Request) bool {
				topics := r.(*kmsg.ProduceRequest).Topics
				return len(topics) > 0 && !strings.HasPrefix(topics[0].Topic, "ceiling-")
			}})
	},
}

// brokers KIND [USER PASSWORD] starts a broker that lasts as long as the script and puts its address
// into BROKERS. With a user and a password it lets nobody else in.
func brokers(ts *testscript.TestScript, neg bool, args []string) {
	opts := []kfake.Opt{kfake.NumBrokers(1)}
	if len(args) == 3 {
		opts = append(opts, kfake.EnableSASL(), kfake.Superuser("PLAIN", args[1], args[2]))
	}
	if neg || len(args)%2 != 1 || brokersFor[args[0]] == nil {
		ts.Fatalf("usage: brokers KIND [USER PASSWORD]")
	}
	c, err := kfake.NewCluster(opts...)
	ts.Check(err)
	ts.Defer(c.Close)
	brokersFor[args[0]](ts, c)
	ts.Setenv("BROKERS", strings.Join(c.ListenAddrs(), ","))
}

// soon NAME SECONDS puts the time in so many seconds into a variable.
func soon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: soon NAME SECONDS")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	at := time.Now().Add(time.Duration(n) * time.Second)
	ts.Setenv(args[0], at.UTC().Format(time.RFC3339))
}

// nowhere TEXT FOLDER… checks that no file of the folders holds a text, nor does its name.
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: nowhere TEXT FOLDER…")
	}
	files := 0
	for _, root := range args[1:] {
		ts.Check(filepath.Walk(ts.MkAbs(root), func(path string, info os.FileInfo, err error) error {
			if err != nil || !info.Mode().IsRegular() {
				return err
			}
			files++
			body, err := os.ReadFile(path)
			if err == nil && strings.Contains(path+string(body), args[0]) {
				ts.Fatalf("%s holds %q", path, args[0])
			}
			return err
		}))
	}
	if files == 0 {
		ts.Fatalf("there is no file in %s", strings.Join(args[1:], ", "))
	}
}

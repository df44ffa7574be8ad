package log

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/streambench/streambench/adapters/kafka"
)

// writerVariable names the folder to which the test binary, started once more, appends until it is
// killed.
const writerVariable = "STREAMBENCH_TEST_LOG_WRITER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(writerVariable); folder != "" {
		appendForever(folder)
	}
	os.Exit(m.Run())
}

// appendForever appends numbers that ascend, and prints how many are durable.
func appendForever(folder string) {
	durable := 0
	w, err := NewWriter(WriterConfig{Folders: []string{folder}, Accepted: func(n int) {
		durable += n
		fmt.Println(durable)
	}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := w.logs[0].next; err == nil; i++ {
		err = w.Append(0, kafka.Message{Value: []byte(strconv.FormatInt(i, 10))})
	}
	fmt.Println(err)
	os.Exit(1)
}

// Whatever a killed writer had acknowledged is there, in order and once, and the next writer goes
// on behind it.
func TestAKilledWriterHasLostNothingItAcknowledged(t *testing.T) {
	folder := t.TempDir()
	before := 0
	for range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerVariable+"="+folder)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, durable := bufio.NewScanner(out), 0
		for n := 0; lines.Scan(); n++ {
			if durable, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(lines.Text())
			}
			if n == 20 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the writer ended by itself: %v", err)
		}
		got, err := values(folder, 0)
		if err != nil || len(got) < before+durable {
			t.Fatalf("%d records of %d that were acknowledged, %v", len(got), before+durable, err)
		}
		for i, v := range got {
			if v != strconv.Itoa(i) {
				t.Fatalf("offset %d: %q", i, v)
			}
		}
		a := opened(t, folder) // what it cuts and what it counts is what the next writer goes on with
		before = int(a.next)
	}
}

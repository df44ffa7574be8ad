package scenarios

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/streambench/streambench/workloads"
)

// ResultsFile is the name of the file that keeps every result received, one JSON object a line.
const ResultsFile = "results.jsonl"

// resultLine is one result received. Values are the fields of its line that are not its identity.
// Count and SeqSum are there where the query has them; Trigger and LatencyNs where the result's
// trigger is an event of the stream, events have due times, and no late event can be what called
// for the result.
type resultLine struct {
	System    string   `json:"system"`
	Rep       int      `json:"rep"`
	Query     string   `json:"query"`
	Window    *int64   `json:"window,omitempty"` // start of the window, ms since 1970
	Key       []string `json:"key"`              // the other fields of the identity
	Values    []string `json:"values"`
	Line      string   `json:"line"` // the canonical line, as digests are made of
	Count     *int64   `json:"count,omitempty"`
	SeqSum    *uint64  `json:"seqsum,omitempty"`
	Op        string   `json:"op,omitempty"` // insert, update or retract, where results are retracted
	Trigger   *uint64  `json:"trigger,omitempty"`
	LatencyNs *int64   `json:"latencyNs,omitempty"`
	// ReceivedNs is when it arrived, since T0.
	ReceivedNs int64 `json:"receivedNs"`
}

// ops are the words for what a result does to the set of results.
var ops = map[int64]string{
	workloads.Insert: "insert", workloads.Update: "update", workloads.Retract: "retract",
}

// writeResults appends what the checker kept to the results of the run.
func (r *repetition) writeResults() (err error) {
	f, err := os.OpenFile(filepath.Join(r.dir, ResultsFile),
		os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep results: %w", err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	q := r.job.Workload.Query
	err = eachLine(r.checker, q, func(line []byte, row []int64, receivedNs int64) error {
		return enc.Encode(r.resultLine(string(line), row, receivedNs))
	})
	if err = errors.Join(err, out.Flush(), f.Close()); err != nil {
		return fmt.Errorf("keep results: %w", err)
	}
	return nil
}

// eachLine calls do for every result a checker kept, with its canonical line, which do copies.
func eachLine(
	of workloads.Checker, q workloads.Query,
	do func(line []byte, row []int64, receivedNs int64) error,
) error {
	var line []byte
	columns := q.Columns()
	return of.Results(func(row []int64, receivedNs int64) error {
		line = workloads.Line(line[:0], row[:len(columns)], columns...)
		return do(line, row, receivedNs)
	})
}

// sortedLines writes the canonical lines of all results a checker kept, sorted, to a path; dir is
// for the files in between.
func sortedLines(
	of workloads.Checker, q workloads.Query, dir, path string,
) (n uint64, sum string, err error) {
	s := newLineSorter(dir)
	if q.Output.Kind == workloads.Upsert {
		err = standing(of, q, s)
	} else {
		err = eachLine(of, q, func(line []byte, _ []int64, _ int64) error { return s.add(line) })
	}
	if err != nil {
		return 0, "", err
	}
	return s.finish(path)
}

// standing sorts the lines of the values that stand at the end, the last one of each identity. They
// are kept in memory: there are no more of them than the system has state of.
func standing(of workloads.Checker, q workloads.Query, into *lineSorter) error {
	last := map[string]string{}
	columns := q.Columns()
	var identity []byte
	err := eachLine(of, q, func(line []byte, row []int64, _ int64) error {
		identity = identity[:0]
		for i, f := range columns {
			if f.Identity {
				identity = binary.LittleEndian.AppendUint64(identity, uint64(row[i]))
			}
		}
		last[string(identity)] = string(line)
		return nil
	})
	if err != nil {
		return err
	}
	for _, line := range last {
		if err := into.add([]byte(line)); err != nil {
			return err
		}
	}
	return nil
}

func (r *repetition) resultLine(line string, row []int64, receivedNs int64) resultLine {
	q := r.job.Workload.Query
	l := resultLine{
		System: r.plan.System, Rep: r.plan.Rep, Query: q.Name, Line: line,
		Key: []string{}, Values: []string{}, ReceivedNs: receivedNs,
	}
	texts := strings.Split(line, "|")
	for i, f := range q.Columns() {
		switch {
		case f.Name == workloads.WindowStart || f.Name == workloads.SessionFrom:
			l.Window = &row[i]
		case f.Identity:
			l.Key = append(l.Key, texts[i])
		default:
			l.Values = append(l.Values, texts[i])
		}
	}
	if q.SingleLevel() {
		count, sum := row[q.LineWidth()], uint64(row[q.LineWidth()+1])
		l.Count, l.SeqSum = &count, &sum
	}
	if q.Retracts {
		l.Op = ops[row[len(row)-1]]
	}
	if q.LatenessMs > 0 {
		return l
	}
	if slot, ok := r.collector.finder.Of(row); ok && slot < r.events {
		l.Trigger = &slot
		if r.load.Paced() {
			latency := receivedNs - r.load.DueNs(slot)
			l.LatencyNs = &latency
		}
	}
	return l
}

module merge

go 1.22

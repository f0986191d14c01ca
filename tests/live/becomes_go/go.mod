module becomes

go 1.22

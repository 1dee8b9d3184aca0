//! What these stores are never asked for in a benchmark of checks, and have to be able to tell.

use async_trait::async_trait;
use statuscheck::store::{
    CoursePage, CourseQuery, Line, Marks, Measuring, OpenCase, ReadError, Standings, UrgentQuery,
};

use super::{CountingStore, MeteredStore};

#[async_trait]
impl Standings for MeteredStore {
    async fn lines(&self, marks: Marks) -> Result<Vec<Line>, ReadError> {
        self.inner.lines(marks).await
    }

    async fn most_urgent(&self, query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        self.inner.most_urgent(query).await
    }
}

#[async_trait]
impl Measuring for MeteredStore {
    async fn courses(&self, query: CourseQuery) -> Result<CoursePage, ReadError> {
        self.inner.courses(query).await
    }
}

#[async_trait]
impl Standings for CountingStore {
    async fn lines(&self, _marks: Marks) -> Result<Vec<Line>, ReadError> {
        Ok(Vec::new())
    }

    async fn most_urgent(&self, _query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Measuring for CountingStore {
    async fn courses(&self, _query: CourseQuery) -> Result<CoursePage, ReadError> {
        Err(ReadError::Unavailable)
    }
}
